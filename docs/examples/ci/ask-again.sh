#!/bin/sh
# Asks a live agent everything that the baselines asked, through the source
# that `scrubjay record -- sh ask-again.sh DIR` runs ($SCRUBJAY_URL).
# Needs curl and jq.
set -eu
scrubjay=${SCRUBJAY:-scrubjay}
request=$(mktemp)
trap 'rm -f "$request"' EXIT
find "${1:-baselines}" -name '*.agui.jsonl' -o -name '*.agui.jsonl.gz' | sort | while read -r file; do
    # Only requests that carried a run, in their order.
    "$scrubjay" list "$file" --json | jq -r 'select(.runs != []) | "\(.index) \(.method) \(.target)"' |
        while read -r index method target; do
            "$scrubjay" body "$file" --exchange "$index" --request > "$request"
            curl --silent --show-error --no-buffer --request "$method" \
                --header 'content-type: application/json' --header 'accept: text/event-stream' \
                --header "x-scrubjay-label: baseline=$(basename "$file")" \
                --data-binary "@$request" "$SCRUBJAY_URL$target" > /dev/null < /dev/null
        done
done
