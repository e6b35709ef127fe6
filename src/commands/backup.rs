//! `rowcast backup`.

use crate::config::BackupArgs;
use crate::upkeep;
use std::error::Error;

pub(super) fn run(args: &BackupArgs) -> Result<(), Box<dyn Error>> {
    let made = upkeep::backup(&args.serve.data_dir, &args.to)?;
    println!(
        "{}: {} uploads; {} files shared, {} copied; {} written",
        args.to.display(),
        made.uploads,
        made.linked,
        made.copied,
        bytesize::ByteSize(made.copied_bytes).display().iec(),
    );
    Ok(())
}
