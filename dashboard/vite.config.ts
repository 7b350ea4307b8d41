import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { smallWorld } from './build/small_world.ts';

// `TIDEGAUGE_ADDRESS` is the server that `npm run dev` sends calls to.
const server = process.env['TIDEGAUGE_ADDRESS'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [smallWorld(), svelte()],
  base: './',
  // The client from its source, so that neither has to be built before the other.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  build: {
    outDir: '../crates/page/dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    // Nothing as data: URLs: the page is served under a strict Content-Security-Policy.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        hashCharacters: 'hex',
        // A page's file is called as the page is.
        chunkFileNames: ({ facadeModuleId }) => {
          const page = /pages\/(\w+)\/Page\.svelte$/.exec(facadeModuleId ?? '')?.[1];
          return `assets/${page ?? '[name]'}-[hash].js`;
        },
      },
    },
  },
  server: { proxy: { '/api': server } },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
