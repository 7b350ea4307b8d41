"""Calls methods of the platform's published client and prints what it made of each answer.

From the environment: TIDEGAUGE_URL, TIDEGAUGE_KEY. Argument: a JSON list of [method, {argument: value}]. Prints a JSON
list: each answer's model as its own fields with their Python types, or the exception's name, status and Error.
"""

import json
import os
import sys

import mudbase
from mudbase.exceptions import ApiException


def typed(value):
    if hasattr(value, "actual_instance"):
        return typed(value.actual_instance)
    if hasattr(type(value), "model_fields"):
        return {name: typed(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return [type(value).__name__, value.isoformat() if hasattr(value, "isoformat") else value]


def call(api, method, arguments):
    if method == "check_user_presence":
        request = mudbase.CheckUserPresenceRequest(userIds=arguments.pop("user_ids"))
        arguments["check_user_presence_request"] = request
    try:
        return {"answer": typed(getattr(api, method)(**arguments))}
    except ApiException as exception:
        name = type(exception).__name__
        return {"exception": name, "status": exception.status, "error": typed(exception.data)}


configuration = mudbase.Configuration(
    host=os.environ["TIDEGAUGE_URL"], access_token=os.environ["TIDEGAUGE_KEY"], retries=0
)
with mudbase.ApiClient(configuration) as client:
    api = mudbase.RealTimeAnalyticsApi(client)
    print(json.dumps([call(api, *one) for one in json.loads(sys.argv[1])]))
