// What a frontend does with the service, with nothing but the types of its contract:
// node page.js http://127.0.0.1:8000 save-a-book-with-a-loose-spine repair
import createClient from "openapi-fetch";
import type { paths } from "../../../openapi/v1.js";

const [address, slug, tag] = process.argv.slice(2);
if (address === undefined || slug === undefined || tag === undefined) {
  throw new Error("Usage: node page.js ADDRESS SLUG TAG");
}
type Query = NonNullable<paths["/api/v1/articles/{name}"]["get"]["parameters"]["query"]>;
const whole: Query = {
  include: ["authors.social_links", "tags", "faqs", "related", "adjacent", "seo"],
  formats: ["html", "text"],
};
// An article also comes as Markdown and as linked data; this client asks for JSON.
const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: address });

/** The whole page in one request: text, authors with their links, questions, neighbours, the head for search engines. */
async function page(name: string) {
  const { data, error, response } = await client.GET("/api/v1/articles/{name}", {
    params: {
      path: { name },
      query: whole,
    },
  });
  if (error !== undefined) {
    throw new Error(error.detail);
  }
  return { article: data.data, etag: response.headers.get("ETag") ?? "" };
}

/** One page of the articles with a tag. */
async function list(name: string, cursor: string | null) {
  const { data, error } = await client.GET("/api/v1/articles", {
    params: { query: { tag: [name], limit: 1, sort: "title", ...(cursor === null ? {} : { cursor }) } },
  });
  if (error !== undefined) {
    throw new Error(error.detail);
  }
  return data;
}

/** The slugs of every article with a tag, walked page by page. */
async function walk(name: string): Promise<(string | null)[]> {
  const slugs: (string | null)[] = [];
  let cursor: string | null = null;
  do {
    const { data, page }: Awaited<ReturnType<typeof list>> = await list(name, cursor);
    slugs.push(...data.map((each) => each.slug));
    cursor = page.next;
  } while (cursor !== null);
  return slugs;
}

/** The status of asking again with the entity tag of what one holds. */
async function again(name: string, etag: string): Promise<number> {
  const { response } = await client.GET("/api/v1/articles/{name}", {
    params: {
      path: { name },
      query: whole,
      header: { "If-None-Match": etag },
    },
  });
  return response.status;
}

/** The titles of what is found, and the words that were searched for as they stand there. */
async function search(words: string) {
  const { data, error } = await client.GET("/api/v1/search", { params: { query: { q: words, type: ["article"] } } });
  if (error !== undefined) {
    throw new Error(error.detail);
  }
  return {
    titles: data.data.map((each) => each.title),
    marked: data.data.some((each) => (each.snippets.body ?? each.snippets.title).includes("<mark>")),
    suggestion: data.suggestion,
  };
}

/** The problem that an unknown slug is answered with. */
async function nothing() {
  const { error } = await client.GET("/api/v1/articles/{name}", { params: { path: { name: "nothing-of-the-kind" } } });
  if (error === undefined) {
    throw new Error("There is something where nothing should be.");
  }
  return error;
}

const { article, etag } = await page(slug);
const site = await client.GET("/api/v1/site", { params: { query: { include: ["social_links"] } } });
const missing = await nothing();

const links = article.authors.flatMap((author) =>
  typeof author === "object" && "social_links" in author ? author.social_links : [],
);
const questions = article.faqs.flatMap((faq) => (typeof faq === "object" && "question" in faq ? [faq.question] : []));

console.log(
  JSON.stringify({
    title: article.title,
    html: article.body?.html?.length ?? 0,
    text: article.body?.text?.length ?? 0,
    headings: article.toc.map((heading) => heading.text),
    authors: article.authors.map((author) => (typeof author === "string" ? author : author.name)),
    links: links.length,
    questions,
    next: article.adjacent?.next?.slug ?? null,
    searchTitle: article.seo?.title ?? null,
    listed: await walk(tag),
    site: site.data?.data.name ?? null,
    locales: site.data?.data.locales.map((locale) => locale.code) ?? [],
    found: await search("spine"),
    suggested: (await search("spien")).suggestion,
    again: await again(slug, etag),
    missing: { status: missing.status, title: missing.title },
  }),
);
