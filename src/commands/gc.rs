//! `rowcast gc`.

use crate::config::GcArgs;
use crate::upkeep;
use std::error::Error;

pub(super) fn run(args: &GcArgs) -> Result<(), Box<dyn Error>> {
    let collected = if args.dry_run {
        upkeep::foresee(&args.serve)?
    } else {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(upkeep::collect(&args.serve))?
    };
    let verb = if args.dry_run { "would let go of" } else { "let go of" };
    for (why, uploads) in [
        ("expired", &collected.expired),
        ("left from a deletion", &collected.swept.leaving),
        ("a file of no upload", &collected.swept.orphans),
    ] {
        for id in uploads {
            println!("{verb} {id} ({why})");
        }
    }
    if !args.dry_run {
        println!("{} given back", bytesize::ByteSize(collected.freed_bytes).display().iec());
    }
    Ok(())
}
