"""Judges the schema of the configuration file by files that are right and by files that are not."""

import json
import pathlib
import sys
import tomllib

import jsonschema

ACCOUNT = '[cloud.main]\nregion = "cn-north-4"\n'
# Each with a piece of what has to be said of it.
MISTAKES = {
    "[schedule]\nwatch = true\n": "'cloud' is a required property",
    f"{ACCOUNT}[schedul]\n": "'schedul' was unexpected",
    f"{ACCOUNT}[log]\nlevle = 'info'\n": "'levle' was unexpected",
    f"{ACCOUNT}[log]\nformat = 'xml'\n": "'xml' is not one of ['auto', ",
    f"{ACCOUNT}[schedule]\nwatch = 'yes'\n": "'yes' is not of type 'boolean'",
    f"{ACCOUNT}max_in_flight = '5'\n": "'5' is not of type 'integer'",
    f"{ACCOUNT}[cloud.main.endpoints]\nobs = 'x'\n": "'obs' was unexpected",
    f"{ACCOUNT}[[certificate]]\nname = 'www'\ncert = 'a'\n": "'key' is a required property",
    f"{ACCOUNT}[certificate]\nname = 'www'\n": "is not of type 'array'",
}


def main(schema_path, configurations):
    schema = json.loads(pathlib.Path(schema_path).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    wrong = []
    files = sorted(pathlib.Path(configurations).rglob("*.toml"))
    texts = {path.name: path.read_text() for path in files}
    texts["certrotd.toml, uncommented"] = uncommented(texts["certrotd.toml"])
    for name, text in texts.items():
        wrong += [f"{name}: {error.message}" for error in judge.iter_errors(tomllib.loads(text))]
    for text, said in MISTAKES.items():
        errors = [error.message for error in judge.iter_errors(tomllib.loads(text))]
        if len(errors) != 1 or said not in errors[0]:
            wrong.append(f"expected {said!r} of\n{text}and got {errors}")
    for words in wrong:
        print(words, file=sys.stderr)
    print(f"{len(texts)} files accepted and {len(MISTAKES)} mistakes refused" if not wrong else f"{len(wrong)} wrong")
    return min(len(wrong), 1)


def uncommented(text):
    """Every key taken out of its comment."""
    lines = text.splitlines()
    return "\n".join(line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in lines)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
