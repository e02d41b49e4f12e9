import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

// What the bundle was built from, so that a machine without Node can tell whether it is of these sources.
const sources = ['index.html', 'package-lock.json', 'package.json', 'tsconfig.json', 'vite.config.ts', ...readdirSync('src').map(f => 'src/' + f)].sort();
const digest = () => sources.map(f => `${createHash('sha256').update(readFileSync(f)).digest('hex')}  ${f}\n`).join('');

// Fixed names and no source maps: the bundle is in the repository and the same sources give the same bytes.
export default defineConfig({
  base: '/',
  plugins: [{ name: 'sources', generateBundle() { this.emitFile({ type: 'asset', fileName: 'sources.sha256', source: digest() }); } }],
  build: {
    outDir: '../wwwroot', emptyOutDir: true, modulePreload: false, target: 'es2022', assetsInlineLimit: 0,
    rollupOptions: { output: { entryFileNames: 'app.js', assetFileNames: 'app[extname]' } },
  },
});
