package docs_test

// trial is a small project and what comes of it. Its settings are its row's.
type trial struct {
	files           map[string]string
	contains, lacks []string // in names and bytes of the release, without maps
	mapped          string   // what a map has
	warns, fails    string   // what a warning, the error says
}

// trials are named by rows of migrating-from-webpack.md.
var trials = map[string]trial{
	"type error": {
		files:    map[string]string{"src/index.ts": "export const a: number = 'a text'"},
		contains: []string{"a text"},
	},
	"node env": {
		files:    map[string]string{"src/index.ts": "export const a = process.env.NODE_ENV === 'production' ? 'marker-production' : 'marker-other'"},
		contains: []string{"marker-production"}, lacks: []string{"marker-other"},
	},
	"development": {
		files:    map[string]string{"src/index.ts": "export function render(containerId: string) { return [containerId, process.env.NODE_ENV === 'development' && 'marker-development'] }"},
		contains: []string{"containerId", "marker-development"},
	},
	"public path": {
		files:    map[string]string{"src/index.ts": "export default () => import('./lazy')", "src/lazy.ts": "export default document.title"},
		contains: []string{"https://cdn.example.com/checkout/"},
	},
	"global of the pass": {
		files:    map[string]string{"src/index.ts": "export const a = document.title"},
		contains: []string{`self["checkout-deploy:app"]`},
	},
	"main fields": {
		files: map[string]string{
			"src/index.ts":                "import a from 'p'; export default a",
			"node_modules/p/package.json": `{"browser":"b.js","module":"m.js","main":"c.js"}`,
			"node_modules/p/b.js":         "export default 'of browser'", "node_modules/p/m.js": "export default 'of module'", "node_modules/p/c.js": "export default 'of main'",
		},
		contains: []string{"of module"}, lacks: []string{"of browser", "of main"},
	},
	"conditions": {
		files: map[string]string{
			"src/index.ts":                "import a from 'p'; export default a",
			"node_modules/p/package.json": `{"exports":{"worker":"./w.js","default":"./d.js"}}`,
			"node_modules/p/w.js":         "export default 'of worker'", "node_modules/p/d.js": "export default 'of default'",
		},
		contains: []string{"of worker"}, lacks: []string{"of default"},
	},
	"extensions": {
		files: map[string]string{"src/index.ts": "import './a'; export {}", "src/a.mjs": ""},
		fails: `Could not resolve "./a"`,
	},
	"base url": {
		files: map[string]string{
			"src/index.ts": "import a from 'app/a'; export default a", "src/app/a.ts": "export default 'marker-a'",
			"tsconfig.json": `{"compilerOptions":{"baseUrl":"src"}}`,
		},
		contains: []string{"marker-a"},
	},
	"paths": {
		files: map[string]string{
			"src/index.ts": "import a from '@app/a'; export default a", "src/app/a.ts": "export default 'marker-a'",
			"tsconfig.json": `{"compilerOptions":{"paths":{"@app/*":["./src/app/*"]}}}`,
		},
		contains: []string{"marker-a"},
	},
	"fallback": {
		files: map[string]string{
			"src/index.ts": "import p from 'p'; import q from 'q'; export default [p, q]", "src/empty.ts": "export default 'marker-empty'",
			"node_modules/p/package.json": `{"main":"p.js"}`, "node_modules/p/p.js": "module.exports = require('crypto').default",
			"node_modules/q/package.json": `{"main":"q.js","browser":{"fs":false}}`, "node_modules/q/q.js": "module.exports = [require('fs'), 'marker-q']",
		},
		contains: []string{"marker-empty", "marker-q"},
	},
	"externals": {
		files:    map[string]string{"src/index.ts": "import React from 'react'; export default React.version", "src/page-react.ts": "export default (window as any).React"},
		contains: []string{"window.React"},
	},
	"externals of modules": {
		files:    map[string]string{"src/index.ts": "import pay from 'https://js.example.com/v3/'; export default [pay]"},
		contains: []string{`from"https://js.example.com/v3/"`},
	},
	"entry of two modules": {
		files: map[string]string{
			"src/polyfill.ts": "document.title = 'marker-first'; export const unused = 'marker-unused'", "src/index.ts": "export const render = () => [document.title, 'marker-render']",
		},
		contains: []string{"marker-first", "render:", "marker-render", "checkout-"}, lacks: []string{"marker-unused"},
	},
	"linked maps": {
		files:    map[string]string{"src/index.ts": "export default document.title"},
		contains: []string{"//# sourceMappingURL=index-"}, mapped: "export default document.title",
	},
	"old browsers": {
		files: map[string]string{
			"src/index.ts": "export const a = async () => { for (const b of document.all) await b }",
			"package.json": `{"browserslist":["ie 11"]}`,
		},
		fails: "is not supported yet",
	},
	"decorators": {
		files: map[string]string{
			"src/index.ts":  "declare const seen: any; export class A { @seen b: string = 'marker-b' }",
			"tsconfig.json": `{"compilerOptions":{"experimentalDecorators":true,"emitDecoratorMetadata":true}}`,
		},
		contains: []string{"marker-b", "seen]"}, lacks: []string{"design:type", "@seen"},
	},
	"jsx in js": {
		files: map[string]string{
			"src/main.js": "export const a = <b>marker-b</b>", "tsconfig.json": `{"compilerOptions":{"jsx":"react-jsx"}}`,
			"node_modules/react/jsx-runtime.js": "export const jsx = (type, p) => [type, p, 'of the run time']",
		},
		contains: []string{"marker-b", "of the run time"},
	},
	"export block": {
		files:    map[string]string{"src/index.ts": "import * as names from './a.module.css'; export default names", "src/a.module.css": ":export { colour: red } .x { color: blue }"},
		contains: []string{":export"}, lacks: []string{`colour:"`},
	},
	"maps of packages": {
		files: map[string]string{
			"src/index.ts":                "import { a } from 'p'; export default [a, document.title]",
			"node_modules/p/index.js":     "export const a = 'marker-a'\n//# sourceMappingURL=index.js.map\n",
			"node_modules/p/index.js.map": `{"version":3,"sources":["source.ts"],"sourcesContent":["export const a: string = 'marker-a'"],"names":[],"mappings":"AAAO"}`,
		},
		mapped: "export const a: string",
	},
	"less": {
		files: map[string]string{"src/index.ts": "import './a.less'; export {}", "src/a.less": "a { b: c }"},
		fails: `No loader is configured for ".less" files`,
	},
	"file": {
		files: map[string]string{
			"src/index.ts": "import a from './a.glb'; import b from './b.png'; import c from './c.woff2'; import d from './d.mp4'; import e from './e.pdf'; export default [a, b, c, d, e]",
			"src/a.glb":    "a", "src/b.png": "b", "src/c.woff2": "c", "src/d.mp4": "d", "src/e.pdf": "e",
		},
		contains: []string{"static/a-", ".glb", "static/b-", ".png", ".woff2", ".mp4", ".pdf"},
	},
	"data url":                  {files: picture, contains: []string{"data:image/png"}, lacks: []string{"static/"}},
	"data url of asset modules": {files: picture, contains: []string{"data:image/png"}, lacks: []string{"static/"}},
	"text": {
		files:    map[string]string{"src/index.ts": "import a from './a.txt'; export default a", "src/a.txt": "marker-text"},
		contains: []string{"marker-text"}, lacks: []string{"static/"},
	},
	"svg as text": {
		files:    map[string]string{"src/index.ts": "import a from './a.svg'; export default a", "src/a.svg": "<svg>marker-svg</svg>"},
		contains: []string{"<svg>marker-svg"}, lacks: []string{"static/"},
	},
	"html": {
		files:    map[string]string{"src/index.ts": "import a from './a.html'; export default a", "src/a.html": "<img src=b.png>"},
		contains: []string{"<img src=b.png>"}, lacks: []string{"static/"},
	},
	"empty": {
		files: map[string]string{"src/index.ts": "import a from './a.mp4'; export default [a, 'marker-index']", "src/a.mp4": "marker-film"},
		lacks: []string{"marker-film"}, contains: []string{"marker-index"},
	},
	"worker file": {
		files:    map[string]string{"src/index.ts": "import url from './cards.worker'; export default new Worker(url)", "src/cards.worker": "postMessage('marker-worker')"},
		contains: []string{"static/cards-", ".worker", "marker-worker"},
	},
	"wasm": {
		files:    map[string]string{"src/index.ts": "import url from './a.wasm'; export default url", "src/a.wasm": "marker-wasm"},
		contains: []string{"static/a-", ".wasm", "marker-wasm"},
	},
	"define": {
		files:    map[string]string{"src/index.ts": "declare const FLAGS: any; export default FLAGS.wallet ? 'marker-wallet' : 'marker-none'"},
		contains: []string{"marker-wallet"},
	},
	"define of an expression": {
		files:    map[string]string{"src/index.ts": "declare const HOST: string; export default HOST"},
		contains: []string{"window.location.host"},
	},
	"environment": {
		files:    map[string]string{"src/index.ts": "declare const process: any; export default process.env.API_URL"},
		contains: []string{"https://api.example.com"},
	},
	"environment of a file": {
		files:    map[string]string{"src/index.ts": "declare const process: any; export default process.env.API_URL", ".env": "API_URL=marker-file"},
		contains: []string{"process.env.API_URL"}, lacks: []string{"marker-file"},
	},
	"provide": {
		files:    map[string]string{"src/index.ts": "declare const $: any; export default $('#marker')"},
		contains: []string{"window.jQuery"},
	},
	"licence": {
		files: map[string]string{"src/index.ts": "/*! @license marker-licence */ export default document.title"},
		lacks: []string{"marker-licence"},
	},
	"require of a pattern": {
		files: map[string]string{
			"src/main.js": "export const f = (name) => require('./parts/' + name)", "src/parts/a.js": "module.exports = 'marker-a'", "src/parts/b.js": "module.exports = 'marker-b'",
			"node_modules/dayjs/index.js": "",
		},
		contains: []string{"marker-a", "marker-b"},
	},
	"eager": {
		files: map[string]string{
			"src/index.ts": `export default () => import(/* webpackMode: "eager", webpackExports: ["one"] */ './part')`,
			"src/part.ts":  "export const one = 'marker-one', two = 'marker-two'",
		},
		contains: []string{"part-", "marker-one", "marker-two"},
	},
	"ignore": {
		files: map[string]string{"src/index.ts": `export default () => import(/* webpackIgnore: true */ "https://js.example.com/v3.js")`},
		fails: "import() of something that is not part of the bundle",
	},
	"hash": {
		files:    map[string]string{"src/index.ts": "declare const __webpack_hash__: any, __webpack_require__: any, __webpack_modules__: any; export default [__webpack_hash__, __webpack_require__, __webpack_modules__]"},
		contains: []string{"[__webpack_hash__,__webpack_require__,__webpack_modules__]"},
	},
	"ensure and context": {
		files: map[string]string{
			"src/index.ts":   "declare const require: any; export default () => [require.context('./parts', true, /ts$/), require.ensure(['./parts/a'], () => 0)]",
			"src/parts/a.ts": "export default 'marker-a'",
		},
		contains: []string{".context(", ".ensure("}, lacks: []string{"marker-a"},
	},
	"hot": {
		files: map[string]string{"src/index.ts": "declare const module: any; if (module.hot) { console.log('marker-hot') } export default document.title"},
		lacks: []string{"marker-hot", "module.hot"},
	},
	"hot of modules": {
		files: map[string]string{"src/index.ts": "if ((import.meta as any).webpackHot) { console.log(1) } export {}"},
		fails: "import.meta exists in modules only",
	},
	"worker": {
		files: map[string]string{"src/index.ts": "export default new Worker(new URL('./w.ts', import.meta.url))", "src/w.ts": "postMessage('marker-worker')"},
		warns: "is left as it is", contains: []string{"./w.ts"}, lacks: []string{"marker-worker", "import.meta"},
	},
	"inline loader": {
		files: map[string]string{"src/index.ts": "import a from '!!raw-loader!./a.txt'; export default a", "src/a.txt": ""},
		fails: `Could not resolve "!!raw-loader!./a.txt"`,
	},
	"query": {
		files:    map[string]string{"src/index.ts": "import a from './a.svg?raw'; export default a", "src/a.svg": "<svg/>"},
		contains: []string{"static/a-", ".svg"},
	},
}

var picture = map[string]string{"src/index.ts": "import a from './a.png'; export default a", "src/a.png": "a picture"}
