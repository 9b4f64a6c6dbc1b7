import type { CheckoutLibrary } from './options';
import { configurePublicPath } from './publicPath';

export interface LoadOptions {
  publicPath?: string;
  nonce?: string;
}

export interface LoadedCheckout extends CheckoutLibrary {
  appVersion: string;
}

/** Puts the checkout's first load into the page, every file pinned, and resolves to its library. */
export async function loadFiles(options: LoadOptions = {}): Promise<LoadedCheckout> {
  const { appVersion, js, css, dynamicChunks } = MANIFEST_JSON;
  const publicPath = configurePublicPath(options.publicPath, options.nonce);
  const load = (file: string) => loadFile(publicPath, file, options.nonce);

  /* Both start at once; a script runs only after the scripts before it. */
  await Promise.all([...css.map(load), ...js.map(load)]);

  for (const file of [...dynamicChunks.js, ...dynamicChunks.css]) {
    if (PRELOAD_ASSETS.some((prefix) => file.startsWith(prefix))) {
      prefetch(publicPath, file);
    }
  }

  const library = (window as unknown as Record<string, CheckoutLibrary | undefined>)[LIBRARY_NAME];

  if (!library) {
    throw new Error(`the first load did not set window.${LIBRARY_NAME}`);
  }

  return {
    appVersion,
    renderCheckout: (props) => library.renderCheckout({ ...options, publicPath, ...props }),
    renderOrderConfirmation: (props) => library.renderOrderConfirmation({ ...options, publicPath, ...props }),
  };
}

function loadFile(publicPath: string, file: string, nonce = ''): Promise<void> {
  const element = file.endsWith('.css') ? styleElement(publicPath + file) : scriptElement(publicPath + file);

  element.integrity = integrityOf(file);
  element.crossOrigin = 'anonymous';
  element.nonce = nonce;

  return new Promise((resolve, reject) => {
    element.onload = () => resolve();
    element.onerror = () => {
      const error = new Error(`${file} could not be loaded, or is not the file that was built`);

      error.name = 'ChunkLoadError';
      reject(error);
    };
    document.head.append(element);
  });
}

function scriptElement(src: string): HTMLScriptElement {
  return Object.assign(document.createElement('script'), { src, async: false });
}

function styleElement(href: string): HTMLLinkElement {
  return Object.assign(document.createElement('link'), { rel: 'stylesheet', href });
}

function prefetch(publicPath: string, file: string): void {
  const link = document.createElement('link');

  link.rel = 'prefetch';
  link.href = publicPath + file;
  link.as = file.endsWith('.css') ? 'style' : 'script';
  link.crossOrigin = 'anonymous';
  document.head.append(link);
}

/** Fails closed: a file that the manifest has no hash for is not loaded. */
function integrityOf(file: string): string {
  const integrity = MANIFEST_JSON.integrity[file];

  if (!integrity) {
    throw new Error(`the manifest has no integrity for ${file}`);
  }

  return integrity;
}
