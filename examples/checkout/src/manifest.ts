/** What was built, as the loader gets it: the first load, what comes later, and each file's hash. */
export interface Manifest {
  version: number;
  appVersion: string;
  js: string[];
  css: string[];
  dynamicChunks: { js: string[]; css: string[] };
  integrity: Record<string, string>;
}
