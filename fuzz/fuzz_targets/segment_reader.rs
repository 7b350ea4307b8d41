#![no_main]

libfuzzer_sys::fuzz_target!(
    // libFuzzer's hook would end the process at a panic that the reader catches. One that nobody catches still does.
    init: std::panic::set_hook(Box::new(|_| ())),
    |data: &[u8]| tidegauge_store::fuzzing::segment_reader(data)
);
