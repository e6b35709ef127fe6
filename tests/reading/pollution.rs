//! The ways a file can be unlike RFC 4180, each a change to the plan by which it is written.

use crate::damage::Damage;
use crate::file::{Encoding, Header, Plan};

/// Choices from a seed (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as usize % limit
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

type Change = fn(&mut Plan, &mut Dice);

/// Name, change.
pub const POLLUTIONS: &[(&str, Change)] = &[
    ("clean", |_, _| {}),
    ("lines-lf", |plan, _| plan.line_end = "\n"),
    ("lines-cr", |plan, _| plan.line_end = "\r"),
    ("no-last-line-end", |plan, _| plan.last_line_ends = 0),
    ("quotes-everywhere", |plan, _| plan.quotes_all = true),
    ("delimiter-semicolon", |plan, _| plan.delimiter = ";"),
    ("delimiter-tab", |plan, _| plan.delimiter = "\t"),
    ("delimiter-pipe", |plan, _| plan.delimiter = "|"),
    ("delimiter-comma-blank", |plan, _| plan.delimiter = ", "),
    ("delimiter-two-pipes", |plan, _| plan.delimiter = "||"),
    ("quote-apostrophe", |plan, dice| {
        plan.quote = '\'';
        for _ in 0..4 {
            delimiter_within_quotes(plan, dice);
        }
    }),
    ("escape-backslash", |plan, dice| {
        plan.backslash = true;
        for _ in 0..4 {
            let (row, column) = text_cell(plan, dice);
            let cell = &mut plan.table.rows[row][column];
            *cell = format!("the \"{}\", Ltd", cell.replace('"', ""));
        }
    }),
    ("preamble", |plan, dice| {
        let titles = ["Members, all branches", "Exported for the board", "Report of the year 2024"];
        plan.preamble = vec![dice.pick(&titles).to_owned(), String::new()];
        plan.preamble.truncate(1 + dice.below(2));
    }),
    ("preamble-padded", |plan, _| {
        let width = plan.table.columns.len() - 1;
        plan.preamble = vec![format!("Members{}", plan.delimiter.repeat(width)), plan.delimiter.repeat(width)];
    }),
    ("footer", |plan, dice| {
        let notes = ["Source: the registry office", "End of the list", "* corrected by hand"];
        plan.lines.push((usize::MAX, dice.pick(&notes).to_owned()));
    }),
    ("comment-lines", |plan, dice| {
        plan.preamble = vec!["# exported by the archive".to_owned(), "# all branches".to_owned()];
        let row = 1 + dice.below(plan.table.rows.len() - 1);
        plan.lines.push((row, "# from here on corrected".to_owned()));
    }),
    ("separator-line", |plan, _| {
        plan.delimiter = ";";
        plan.preamble = vec!["sep=;".to_owned()];
    }),
    ("blank-lines", |plan, dice| {
        let row = 1 + dice.below(plan.table.rows.len() - 1);
        plan.lines.extend([(row, String::new()), (usize::MAX, String::new())]);
    }),
    ("no-header", |plan, _| plan.header = Header::None),
    ("two-header-rows", |plan, _| plan.header = Header::Two),
    ("second-table", |plan, dice| plan.second_table = 3 + dice.below(5)),
    ("missing-delimiter", |plan, dice| {
        // Where nothing tells the two cells apart, nobody could.
        let row = dice.below(plan.table.rows.len());
        let cells = &plan.table.rows[row];
        let class = |letter: Option<char>| letter.map(|letter| (letter.is_ascii_digit(), letter.is_alphabetic()));
        let parts = |at: &usize| class(cells[*at].chars().last()) != class(cells[at + 1].chars().next());
        let places: Vec<_> = (0..cells.len() - 1).filter(parts).collect();
        let place = dice.pick(if places.is_empty() { &[0] } else { &places });
        plan.damaged.push((row, Damage::MissingDelimiter(place)));
    }),
    ("doubled-delimiter", |plan, dice| {
        let place = dice.below(plan.table.columns.len() - 1);
        damage(plan, dice, Damage::DoubledDelimiter(place));
    }),
    ("opening-quote", |plan, dice| damage_text(plan, dice, Damage::OpeningQuote)),
    ("inner-quote", |plan, dice| damage_text(plan, dice, Damage::InnerQuote)),
    ("bare-quotes", |plan, dice| damage_text(plan, dice, Damage::BareQuotes)),
    ("unquoted-delimiter", |plan, dice| damage_text(plan, dice, Damage::UnquotedDelimiter)),
    ("other-delimiter", |plan, dice| {
        let others: Vec<_> = [";", "\t", ","].into_iter().filter(|other| *other != plan.delimiter).collect();
        let other = dice.pick(&others);
        damage(plan, dice, Damage::OtherDelimiter(other));
    }),
    ("line-break", |plan, dice| damage_text(plan, dice, Damage::LineBreak)),
    ("byte-order-mark", |plan, _| plan.encoding = Encoding::Utf8Marked),
    ("windows-1252", |plan, dice| {
        for _ in 0..6 {
            let (row, column) = text_cell(plan, dice);
            let word = dice.pick(&["Café", "Müller", "Señor", "Ångström", "naïve", "50 €"]);
            plan.table.rows[row][column].push_str(&format!(" {word}"));
        }
        for cell in plan.table.rows.iter_mut().flatten() {
            *cell = cell.chars().map(|letter| if letter > 'ÿ' && letter != '€' { 'ø' } else { letter }).collect();
        }
        plan.encoding = Encoding::Windows1252;
    }),
    ("utf-16-le", |plan, _| plan.encoding = Encoding::Utf16Le),
    ("utf-16-be", |plan, _| plan.encoding = Encoding::Utf16Be),
    ("utf-16-le-bare", |plan, _| plan.encoding = Encoding::Utf16LeBare),
    ("several", |plan, dice| {
        plan.delimiter = dice.pick(&[",", ";", "\t"]);
        plan.line_end = dice.pick(&["\r\n", "\n"]);
        plan.encoding = dice.pick(&[Encoding::Utf8, Encoding::Utf8Marked, Encoding::Utf16Le]);
        if dice.below(2) == 0 {
            plan.preamble = vec!["Report of the year 2024".to_owned()];
        }
        let kinds = ["missing-delimiter", "doubled-delimiter", "opening-quote", "inner-quote", "unquoted-delimiter"];
        for _ in 0..2 {
            let kind = dice.pick(&kinds);
            let (_, change) = POLLUTIONS.iter().find(|(name, _)| *name == kind).expect("one of them");
            change(plan, dice);
        }
    }),
];

fn damage(plan: &mut Plan, dice: &mut Dice, damage: Damage) {
    let row = dice.below(plan.table.rows.len());
    plan.damaged.push((row, damage));
}

fn damage_text(plan: &mut Plan, dice: &mut Dice, damage: fn(usize) -> Damage) {
    let (row, column) = text_cell(plan, dice);
    plan.damaged.push((row, damage(column)));
}

fn delimiter_within_quotes(plan: &mut Plan, dice: &mut Dice) {
    let (row, column) = text_cell(plan, dice);
    let delimiter = plan.delimiter;
    plan.table.put_delimiter(row, column, delimiter);
}

/// A cell of free text.
fn text_cell(plan: &Plan, dice: &mut Dice) -> (usize, usize) {
    (dice.below(plan.table.rows.len()), dice.pick(&plan.table.texts()))
}
