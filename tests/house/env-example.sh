#!/bin/sh
# Prints .env.example from the settings tables of both programs: "make env-example" writes it, a test compares it.
#   env-example.sh BIN_DIR
set -eu
bin=$1
cat <<'TEXT'
# UPRed Push: settings of upred-api and upred-relay. Copy to .env and take the # off what you change.
# The real environment wins; NAME_FILE=path reads a secret from a file; --check-config says what is missing.

TEXT
{
	"$bin/upred-api" --print-example
	"$bin/upred-relay" --print-example
} | awk '
	/^# / { sentence = $0; next }
	/^#[A-Z_]+=/ { name = $0; sub(/=.*/, "", name); if (!seen[name]++) print sentence "\n" $0 "\n"; sentence = "" }'
