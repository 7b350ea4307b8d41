#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidegauge_store::fuzzing::manifest(data));
