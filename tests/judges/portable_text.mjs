// What the official renderers of Portable Text make of documents, and the examples of CommonMark's specification.
//
// node portable_text.mjs render FILE   the documents in a file of JSON, each as HTML and as Markdown, and what was missing
// node portable_text.mjs examples      every example: its number, section, Markdown and HTML
import { readFileSync } from "node:fs";
import { portableTextToMarkdown } from "@portabletext/markdown";
import { toHTML } from "@portabletext/to-html";
import specification from "commonmark-spec";

// What a frontend adds for blocks that the core of the format does not know.
const inside = (blocks) => render(blocks).html;
const types = {
  code: ({ value }) => `<pre>${value.code.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</pre>`,
  image: ({ value }) => `<img src="${value.src}" alt="">`,
  "horizontal-rule": () => "<hr>",
  blockquote: ({ value }) => `<blockquote>${inside(value.content)}</blockquote>`,
  list: ({ value }) => `<ul>${value.items.map((each) => `<li>${inside(each.content)}</li>`).join("")}</ul>`,
  table: ({ value }) =>
    `<table>${value.rows
      .map((row) => `<tr>${row.cells.map((each) => `<td>${inside(each.value)}</td>`).join("")}</tr>`)
      .join("")}</table>`,
};

function render(blocks) {
  const missing = [];
  const html = toHTML(blocks, {
    components: { types },
    onMissingComponent: (message, { type, nodeType }) => missing.push(`${nodeType} ${type}`),
  });
  return { html, missing, markdown: portableTextToMarkdown(blocks) };
}

const [mode, file] = process.argv.slice(2);
const answer =
  mode === "examples"
    ? specification.tests.map((each) => ({ ...each, markdown: each.markdown.replaceAll("→", "\t") }))
    : JSON.parse(readFileSync(file, "utf8")).map(render);
process.stdout.write(JSON.stringify(answer));
