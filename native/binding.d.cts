// Types of the native addon as `binding.cjs` returns it. Written by hand: raw functions registered in
// `#[napi(module_exports)]` do not show in the declarations napi generates. One `export function` for
// each function that crates/binding exports, in the order of its files. Import it as
// `import binding from '../native/binding.cjs'`: the names are only known at run time, so named
// imports of this CommonJS module would fail in ESM.
