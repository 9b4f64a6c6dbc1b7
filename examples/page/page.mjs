// Writes dist/index.html: the page, with the tags of what build-bundle made. A
// template of your server's, or your bundler, does the same.
import { readFileSync, writeFileSync } from 'node:fs';

const record = JSON.parse(readFileSync('dist/release.json', 'utf8'));
const { css = [], js } = record.passes[0].entries.find(({ name }) => name === 'checkout');
const tags = [...css.map((file) => `<link rel="stylesheet" href="${file}">`), ...js.map((file) => `<script src="${file}"></script>`)];
writeFileSync('dist/index.html', readFileSync('index.html', 'utf8').replace('<!-- entry: checkout -->', tags.join('\n  ')));
