#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidegauge_store::fuzzing::log_reader(data));
