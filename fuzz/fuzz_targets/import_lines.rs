#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidegauge_import::fuzzing::import_lines(data));
