/**
 * How the desktop application is packaged, for electron-builder. The engine's files, the packages that it loads and
 * the sample lie beside the archive: native parts and the programs of processes and threads have to be real files.
 * `${arch}` is electron-builder's to fill in.
 */

/** Folders that packages with native parts have for every system and processor; all but the own ones stay out. */
const onlyFor = (system) => [
  // ONNX Runtime: bin/napi-v6/linux/x64/…
  ...["linux", "win32", "darwin"]
    .filter((name) => name !== system)
    .map((name) => `!node_modules/onnxruntime-node/bin/napi-v*/${name}/**`),
  `!node_modules/onnxruntime-node/bin/napi-v*/${system}/!(\${arch})/**`,
  // SQLite: prebuilds/linux-x64.node
  `!node_modules/better-sqlite3/prebuilds/!(${system}-\${arch}).node`,
  // sharp: @img/sharp-linux-x64, @img/sharp-libvips-linux-x64
  `!node_modules/@img/sharp-!(${system}-\${arch}|libvips-${system}-\${arch})/**`,
];

/** The Node that runs child processes, since the application itself may not be run as one. */
const nodeProgram = (name, file) => [{ from: `node_modules/node-${name}-\${arch}/bin/${file}`, to: `node/${file}` }];

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
    // It lies in the resources.
    "!node_modules/node-{linux,win,darwin}-*/**",
    // Sources of what comes compiled.
    "!node_modules/better-sqlite3/{deps,src}/**",
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
    target: [
      { target: "AppImage", arch: ["x64", "arm64"] },
      { target: "deb", arch: ["x64", "arm64"] },
    ],
    category: "Science",
    files: onlyFor("linux"),
    extraResources: nodeProgram("linux", "node"),
  },
  win: {
    target: [{ target: "nsis", arch: ["x64", "arm64"] }],
    files: onlyFor("win32"),
    extraResources: nodeProgram("win", "node.exe"),
  },
  mac: {
    // ONNX Runtime comes for Apple's own processors alone.
    target: [{ target: "dmg", arch: ["arm64"] }],
    category: "public.app-category.developer-tools",
    files: onlyFor("darwin"),
    extraResources: nodeProgram("darwin", "node"),
  },
};
