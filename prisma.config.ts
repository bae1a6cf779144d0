import { defineConfig } from 'prisma/config';

/** For the Prisma CLI only, e.g. `npx prisma migrate deploy`; the service itself migrates without it. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
});
