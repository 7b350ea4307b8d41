#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidegauge_tokens::fuzzing::token(data));
