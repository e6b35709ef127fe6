#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rowcast::http::fuzzing::multipart::hold(data));
