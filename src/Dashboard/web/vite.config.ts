import { defineConfig } from 'vite';

// Fixed names and no source maps: the bundle is in the repository and the same sources give the same bytes.
export default defineConfig({
  base: '/',
  build: {
    outDir: '../wwwroot', emptyOutDir: true, modulePreload: false, target: 'es2022', assetsInlineLimit: 0,
    rollupOptions: { output: { entryFileNames: 'app.js', assetFileNames: 'app[extname]' } },
  },
});
