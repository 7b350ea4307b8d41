"""Asks for a project's analytics with the platform's published client and prints what it made of the answer.

From the environment: TIDEGAUGE_URL, TIDEGAUGE_KEY, TIDEGAUGE_PROJECT. Prints one line of JSON: the model's
fields with their Python types, or the exception's name, its status and its Error body.
"""

import json
import os

import mudbase
from mudbase.exceptions import ApiException


def typed(model):
    values = {name: getattr(model, name) for name in type(model).model_fields}
    return {name: [type(value).__name__, shown(value)] for name, value in values.items()}


def shown(value):
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.to_dict() if hasattr(value, "to_dict") else value


configuration = mudbase.Configuration(
    host=os.environ["TIDEGAUGE_URL"], access_token=os.environ["TIDEGAUGE_KEY"], retries=0
)
with mudbase.ApiClient(configuration) as client:
    api = mudbase.RealTimeAnalyticsApi(client)
    try:
        answer = {"answer": typed(api.get_project_analytics(os.environ["TIDEGAUGE_PROJECT"]))}
    except ApiException as exception:
        error = typed(exception.data)
        answer = {"exception": type(exception).__name__, "status": exception.status, "error": error}
print(json.dumps(answer))
