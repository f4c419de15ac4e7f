// The entry point `fapilog/plugins`. Beside its folder: the same relative path to lazy/ is right from src/ and from dist/.

export { loadPlugin } from './registry/load.js'
export type { PluginMetadata, Reading as PluginPackage } from './registry/manifest.js'
export {
  inspectPackage,
  PluginRegistry,
  type PluginRegistryOptions,
  type PluginRequest,
} from './registry/registry.js'
export type { SettingsSchema } from './registry/schema-check.js'
