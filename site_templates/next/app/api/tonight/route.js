import { tonight } from '../../../lib/dishes';

export const dynamic = 'force-dynamic';

/** Tonight's dish for programs: `curl …/api/tonight`. */
export function GET() {
  const { slug, name, minutes } = tonight(new Date());
  return Response.json({ slug, name, minutes });
}
