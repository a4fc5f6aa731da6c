//! Generates messages, client and server, without a `protoc` on the machine.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=greeter.proto");
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.open_file("greeter.proto")?;
    // For reflection.
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("greeter.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure().build_transport(true).compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
