#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Opens a report.html in headless chromium, at a desktop's and a phone's width, and checks what a
# reader would see: no error on the console, nothing loaded from elsewhere, every chart drawn with
# data and visible, no chart's text cut off, and no page that is wider than its window.
# Usage: tests/interop/browser/check.sh REPORT_HTML [CHART...]     charts that must be there
# Exit 0: holds; 1: it does not; 2: can't be checked
set -u
page=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
cannot() { echo "browser check: $*" >&2; exit 2; }
[ -n "$page" ] && [ -r "$page" ] || cannot "usage: $0 REPORT_HTML [CHART...]"
shift
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
[ -n "$chromium" ] || cannot "chromium is missing: apt-get install chromium"

work=$(mktemp -d) || cannot "no temporary directory"
trap 'rm -rf "$work"' EXIT
# The page is checked in frames of the two widths: headless windows have a least width of their own.
{
    echo '<!doctype html><meta charset="utf-8"><title>check</title><body style="margin:0">'
    echo "<script>const REQUIRED = ["
    for chart in "$@"; do printf '%s,' "\"$chart\""; done
    echo "];</script><script>"
    cat "$here/check.js"
    echo '</script>'
    for width in 1280 390; do
        printf '<iframe data-width="%s" width="%s" height="900" style="border:0" srcdoc="' $width $width
        sed -e 's/&/\&amp;/g' -e 's/"/\&quot;/g' "$page"
        echo '"></iframe>'
    done
} >"$work/check.html"

timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --user-data-dir="$work/profile" --window-size=1400,1000 --enable-logging=stderr --v=0 \
    --virtual-time-budget=20000 --dump-dom "file://$work/check.html" >"$work/dom" 2>"$work/log"
result=$(awk '/<pre id="result">/ { on = 1 } on { print } /<\/pre>/ { on = 0 }' "$work/dom" |
    sed -e 's/<[^>]*>//g' -e '/^$/d')
console=$(grep 'CONSOLE' "$work/log" || true)
[ -n "$result" ] || cannot "chromium gave no result: $(tail -n 3 "$work/log" | tr '\n' ' ')"
printf '%s\n' "$result"
if [ -n "$console" ]; then
    echo "wrong: the console is not silent: $console"
    exit 1
fi
if grep -Eq '(src|href)="?(https?:)?//' "$page"; then
    echo "wrong: the page loads something from elsewhere"
    exit 1
fi
printf '%s\n' "$result" | grep -q '^wrong:' && exit 1
printf '%s\n' "$result" | grep -q '^checked 2 widths' || exit 1
exit 0
