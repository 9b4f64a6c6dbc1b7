import { readFileSync, writeFileSync } from 'node:fs';

const { js, css } = JSON.parse(readFileSync('dist/manifest.json', 'utf8'));
const page = readFileSync('index.html', 'utf8')
  .replace('<!-- styles -->', css.map((file) => `<link rel="stylesheet" href="${file}">`).join(''))
  .replace('<!-- scripts -->', js.map((file) => `<script src="${file}"></script>`).join(''));

writeFileSync('dist/index.html', page);
