/** What the preload script gives to the renderer as `window.lathe`; absent in an ordinary browser. */
export interface DesktopApi {
  readonly versions: {
    readonly electron: string;
    readonly chrome: string;
    readonly node: string;
  };
}
