#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tidegauge_connect::fuzzing::gateway_record(data));
