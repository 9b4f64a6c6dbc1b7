/**
 * Sets where files are loaded from and under which nonce, and returns the
 * former. Without a path it is the folder of the script that runs.
 */
export function configurePublicPath(publicPath?: string, nonce?: string): string {
  const folder = publicPath ?? scriptFolder();

  __webpack_public_path__ = folder.endsWith('/') ? folder : `${folder}/`;

  if (nonce) {
    __webpack_nonce__ = nonce;
  }

  return __webpack_public_path__;
}

function scriptFolder(): string {
  const script = document.currentScript;

  return script instanceof HTMLScriptElement ? new URL('.', script.src).href : '/';
}
