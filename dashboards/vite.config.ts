import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    // ECharts comes in a chunk of its own, only when a page draws with it.
    chunkSizeWarningLimit: 700,
  },
});
