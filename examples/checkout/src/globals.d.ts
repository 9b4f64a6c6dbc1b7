/* Free variables of the bundler. Assigning them sets where and how later files are loaded. */
declare let __webpack_public_path__: string;
declare let __webpack_nonce__: string;

/** Evaluates a module at that moment; an ES module gives its namespace. */
declare function require<Module = unknown>(path: string): Module;

/* Replaced in the loader's pass. */
declare const LIBRARY_NAME: string;
declare const PRELOAD_ASSETS: string[];
declare const MANIFEST_JSON: import('./manifest').Manifest;

declare module '*.module.scss' {
  const names: Record<string, string>;

  export default names;
}

declare module '*.scss';

declare module '*.png' {
  const url: string;

  export default url;
}

declare module '*.svg' {
  const url: string;

  export default url;
}

declare module '*.woff' {
  const url: string;

  export default url;
}
