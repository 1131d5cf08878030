import { defineCollection } from 'astro:content';
import { glob } from 'astro/loaders';
import { z } from 'astro/zod';

// What has to stand at the top of each note. A build stops and says so when something is missing.
const notes = defineCollection({
  loader: glob({ pattern: '*.md', base: 'src/content/notes' }),
  schema: z.object({
    title: z.string(),
    date: z.coerce.date(),
    summary: z.string(),
  }),
});

export const collections = { notes };
