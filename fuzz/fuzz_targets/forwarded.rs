#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rowcast_fuzz::bodies::forwarded::hold(data));
