// checkout-js with Rspack: the closest it can get to the app's own webpack
// configuration, with what Rspack brings (swc, its own CSS and SRI plugins) in
// place of the slow parts. The bench copies this file beside the installed
// peers. APP is the checkout of checkout-js, OUT the output folder. NODE_ENV
// "development" is for watching: names without hashes, no integrity and maps
// per module, as the app's own configuration has it in that mode, and Rspack's
// own defaults for the rest.
const { createHash } = require('crypto');
const { readdirSync, readFileSync, writeFileSync, copyFileSync } = require('fs');
const { join } = require('path');
const { CssExtractRspackPlugin, DefinePlugin, SubresourceIntegrityPlugin } = require('@rspack/core');

const app = process.env.APP;
const out = process.env.OUT;
const development = process.env.NODE_ENV === 'development';
const hash = development ? '' : '-[contenthash:8]';
const version = require(join(app, 'package.json')).version;
const source = (file) => join(app, 'packages', 'core', 'src', 'app', file);

const alias = Object.fromEntries(
  Object.entries(require(join(app, 'workspace.json')).projects).map(([name, project]) => [
    `@bigcommerce/checkout/${name}`,
    join(app, typeof project === 'string' ? project : project.root, 'src'),
  ]),
);

// The app's splitChunks.cacheGroups, as they are.
const group = (test, name, rest) => ({ test, name, reuseExistingChunk: true, enforce: true, ...rest });
const cacheGroups = {
  vendorInitial: group(/\/node_modules\//, 'vendor-initial', { priority: -10, chunks: 'initial' }),
  vendorAsync: group(/\/node_modules\//, 'vendor-async', { priority: -10, minChunks: 2, chunks: 'async' }),
  polyfill: group(/\/node_modules\/core-js/, 'polyfill'),
  transients: group(/\/node_modules\/@bigcommerce/, 'transients'),
};

const common = (mainFields) => ({
  mode: development ? 'development' : 'production',
  context: app,
  ...(!development && { cache: false }),
  devtool: development ? 'eval-source-map' : 'source-map',
  target: ['web', 'browserslist:chrome >= 61'],
  stats: 'errors-only',
  performance: false,
  resolve: { alias, mainFields, extensions: ['.ts', '.tsx', '.js'] },
  resolveLoader: { modules: [join(__dirname, 'node_modules')] },
});

const scripts = {
  test: /\.tsx?$/,
  loader: 'builtin:swc-loader',
  options: {
    jsc: {
      parser: { syntax: 'typescript', tsx: true, decorators: true },
      transform: { react: { runtime: 'classic' }, legacyDecorator: true },
    },
    env: { targets: 'chrome >= 61' },
  },
  type: 'javascript/auto',
};

// javascript/auto: exports that exist only as types are a warning, not an error.
const parser = { javascript: { exportsPresence: 'warn' } };

const integrity = (file) => `sha384-${createHash('sha384').update(readFileSync(join(out, file))).digest('base64')}`;

let manifest;

// The manifest that the app's loader expects (version 2), from the entry's own
// files and everything else that was written.
class Manifest {
  apply(compiler) {
    compiler.hooks.afterEmit.tap('Manifest', (compilation) => {
      const initial = compilation.entrypoints.get('checkout').getFiles();
      const files = readdirSync(out).filter((file) => /\.(js|css)$/.test(file));
      const of = (list, ext) => list.filter((file) => file.endsWith(ext));
      const lazy = files.filter((file) => !initial.includes(file));
      manifest = {
        version: 2,
        appVersion: version,
        js: of(initial, '.js'),
        css: of(initial, '.css'),
        dynamicChunks: { js: of(lazy, '.js'), css: of(lazy, '.css') },
        integrity: development ? {} : Object.fromEntries(files.map((file) => [file, integrity(file)])),
      };
      writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest, null, 2));
    });
  }
}

// The loader's pass starts when the app's is done, and only then knows what to
// define.
class InlineManifest {
  apply(compiler) {
    let defined = false; // when watching: without hashes it stays the same
    const define = () => {
      if (defined) return;
      defined = true;
      new DefinePlugin({
        LIBRARY_NAME: JSON.stringify('checkout'),
        PRELOAD_ASSETS: JSON.stringify(['billing', 'shipping', 'payment']),
        MANIFEST_JSON: JSON.stringify(manifest),
      }).apply(compiler);
    };
    compiler.hooks.beforeRun.tap('InlineManifest', define);
    compiler.hooks.watchRun.tap('InlineManifest', define);
    compiler.hooks.afterEmit.tap('InlineManifest', () => {
      for (const name of ['loader', 'auto-loader']) {
        copyFileSync(join(out, `${name}-${version}.js`), join(out, `${name}.js`));
      }
    });
  }
}

// What the bench waits for when it watches: the app's files are written.
class Tell {
  apply(compiler) {
    compiler.hooks.done.tap('Tell', (stats) => {
      if (!stats.hasErrors()) console.log('built');
    });
  }
}

const pinned = development ? [] : [new SubresourceIntegrityPlugin({ hashFuncNames: ['sha384'] })];

module.exports = [
  {
    ...common(['browser', 'module', 'main']),
    name: 'app',
    entry: { checkout: [source('polyfill.ts'), source('index.ts')] },
    optimization: { runtimeChunk: 'single', splitChunks: { chunks: 'all', cacheGroups } },
    output: {
      path: out,
      filename: `[name]${hash}.js`,
      chunkFilename: `[name]${hash}.js`,
      chunkLoadingGlobal: 'webpackJsonpCheckout',
      library: 'checkout',
      crossOriginLoading: 'anonymous',
    },
    plugins: [
      ...pinned,
      new CssExtractRspackPlugin({ filename: `[name]${hash}.css`, chunkFilename: `[name]${hash}.css` }),
      new Manifest(),
      ...(development ? [new Tell()] : []),
    ],
    module: {
      parser,
      rules: [
        scripts,
        {
          test: /\.scss$/,
          use: [
            CssExtractRspackPlugin.loader,
            'css-loader',
            {
              loader: 'sass-loader',
              options: {
                api: 'modern-compiler',
                implementation: require.resolve('sass-embedded'),
                sassOptions: { quietDeps: true, logger: { warn() {}, debug() {} } },
              },
            },
          ],
          type: 'javascript/auto',
          // The package says "sideEffects": false; without this every style is dropped.
          sideEffects: true,
        },
        {
          test: /\.(gif|png|jpe?g|svg)$/i,
          type: 'asset/resource',
          generator: { filename: `static/[name]${hash}[ext]` },
        },
      ],
    },
  },
  {
    ...common(['module', 'browser', 'main']),
    name: 'loader',
    dependencies: ['app'],
    entry: { loader: source('loader.ts'), 'auto-loader': source('auto-loader.ts') },
    output: { path: out, filename: `[name]-${version}.js`, library: 'checkoutLoader', crossOriginLoading: 'anonymous' },
    plugins: [...pinned, new InlineManifest()],
    module: { parser, rules: [scripts] },
  },
];
