import { answerPage as answerPath } from "../core/serve/pages.ts";
import { SECURITY_HEADERS } from "../core/serve/policy.ts";
import { isOwnPage } from "./security.ts";

/**
 * Answers a request for one of the renderer's files.
 * @returns 200 with the file; 405 for anything but GET and HEAD; 404 for what is not a file below `root`.
 */
export async function answerPage(root: string, request: Request): Promise<Response> {
  if (!isOwnPage(request.url)) return new Response(null, { status: 404, headers: SECURITY_HEADERS });
  const { status, headers, body } = await answerPath(root, request.method, new URL(request.url).pathname);
  return new Response(request.method === "HEAD" ? null : (body ?? null), { status, headers });
}
