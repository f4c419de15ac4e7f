//! Links the addon for Node-API and keeps its image mapped until the process ends.

fn main() {
    napi_build::setup();
    // A worker that was the only one to load the addon unloads it when it exits; a drain thread
    // still running in that image would then execute unmapped pages.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
