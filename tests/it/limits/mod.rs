//! Every limit can be reached, and what happens beyond it is what its help says.

mod access;
mod expansion;
mod memory;
mod reading;
mod requests;
mod time;

use rowcast::domain::Limits;

#[test]
fn each_limit_is_reached_by_a_test() {
    let sources = crate::tidy::sources("tests/it");
    for spec in Limits::TABLE {
        let field = spec.name.replace('-', "_");
        let reached = sources.iter().any(|(_, text)| {
            text.contains(&format!("limits.{field} =")) || text.contains(&format!("limits().{field}"))
        });
        assert!(reached, "no test reaches {}: {}", spec.name, spec.help);
    }
}
