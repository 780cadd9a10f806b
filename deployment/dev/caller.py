"""Requests to the service."""

import json
import urllib.error
import urllib.request

from .output import fail
from .places import log_file


def http(method, url, body=None, token=None):
    """Answers (status, decoded body), with status None while nobody listens. Never by way of a proxy."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, decoded(answer.read())
    except urllib.error.HTTPError as answer:
        return answer.code, decoded(answer.read())
    except OSError as error:
        return None, str(error)


def decoded(body):
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def expect(statuses, method, url, body, token=None):
    status, answer = http(method, url, body, token)
    if status not in statuses:
        fail(f"{method} {url} answered {status}: {answer}\nThe API's log is {log_file('dev', 'api')}")
    return answer
