#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidegauge_server::fuzzing::validation_json(data));
