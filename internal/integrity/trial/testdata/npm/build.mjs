// build.mjs webpack|vite <folder>: builds src into a folder, as a project would.
import { fileURLToPath } from 'node:url'

const [bundler, folder] = process.argv.slice(2)
const root = fileURLToPath(new URL('src', import.meta.url))

if (bundler === 'vite') {
  const { build } = await import('vite')
  await build({ root, base: './', logLevel: 'warn', configFile: false, build: { outDir: folder, emptyOutDir: true, assetsInlineLimit: 0 } })
} else {
  const { default: webpack } = await import('webpack')
  const { default: Html } = await import('html-webpack-plugin')
  const { default: Extract } = await import('mini-css-extract-plugin')
  const compiler = webpack({
    mode: 'production', context: root, entry: './index.js', output: { path: folder, filename: '[name].[contenthash].js' },
    module: { rules: [{ test: /\.css$/, use: [Extract.loader, 'css-loader'] }] },
    optimization: { splitChunks: { minSize: 0 } },
    plugins: [new Html({ title: 'trial' }), new Extract({ filename: '[name].[contenthash].css' })],
  })
  compiler.run((error, stats) => {
    if (error || stats.hasErrors()) throw error ?? new Error(stats.toString('errors-only'))
  })
}
