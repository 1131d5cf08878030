import { defineConfig } from 'astro/config';

// Everything Astro can be told is in https://docs.astro.build. The pages are written to dist/.
export default defineConfig({
  devToolbar: { enabled: false },
});
