/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What check.sh asks of a report in each of its frames; its lines end up in an element that the script reads. */
"use strict";
window.addEventListener("load", () => {
    const lines = [];
    const wrong = (width, text) => lines.push(`wrong: at ${width} px: ${text}`);
    let widths = 0;
    let charts = 0;
    for (const frame of document.querySelectorAll("iframe")) {
        const width = Number(frame.dataset.width);
        const page = frame.contentDocument;
        widths++;
        for (const details of page.querySelectorAll("details"))
            details.open = true;
        const root = page.documentElement;
        if (root.clientWidth > width || root.scrollWidth > root.clientWidth)
            wrong(width, `the page is ${root.scrollWidth} px wide`);
        if (page.querySelector("script"))
            wrong(width, "there is a script in the page");
        for (const image of page.querySelectorAll("img, link[rel=stylesheet], iframe, object"))
            wrong(width, `there is a ${image.tagName} in the page`);
        const verdict = page.querySelector("main .verdict h2");
        if (!verdict || verdict.getBoundingClientRect().top > 600)
            wrong(width, "the verdict is not what one sees first");
        const names = new Set();
        for (const figure of page.querySelectorAll("figure.chart")) {
            const name = figure.dataset.chart;
            names.add(name);
            charts++;
            const shown = [...figure.querySelectorAll("svg")].filter(
                svg => svg.getBoundingClientRect().width > 0);
            if (shown.length !== 1) {
                wrong(width, `${name}: ${shown.length} drawings are visible`);
                continue;
            }
            const box = shown[0].getBoundingClientRect();
            if (box.width < 250 || box.height < 150)
                wrong(width, `${name}: only ${box.width} x ${box.height} px`);
            const data = [...shown[0].querySelectorAll("path, polygon, use")].filter(
                mark => /^k[34567]$/.test(mark.getAttribute("stroke") || mark.getAttribute("fill") ||
                                          mark.getAttribute("color") || "") &&
                        mark.getBoundingClientRect().width + mark.getBoundingClientRect().height > 2);
            if (data.length === 0)
                wrong(width, `${name}: nothing is drawn in it`);
            for (const text of shown[0].querySelectorAll("text")) {
                const t = text.getBoundingClientRect();
                if (t.left < box.left - 1 || t.right > box.right + 1)
                    wrong(width, `${name}: "${text.textContent}" is cut off`);
                if (parseFloat(page.defaultView.getComputedStyle(text).fontSize) *
                    box.width / shown[0].viewBox.baseVal.width < 9)
                    wrong(width, `${name}: "${text.textContent}" is too small to read`);
            }
        }
        for (const name of REQUIRED)
            if (!names.has(name))
                wrong(width, `the chart ${name} is missing`);
    }
    if (charts === 0)
        lines.push("wrong: there is no chart at all");
    lines.push(`checked ${widths} widths, ${charts} charts`);
    const result = document.createElement("pre");
    result.id = "result";
    result.textContent = lines.join("\n");
    document.body.append(result);
});
