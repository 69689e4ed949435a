"""
`response_body` for messages, which Envoy's transcoder (1.40) refuses: it knows HttpBody only. Pure.

Where a rule names one field of the response as the whole JSON body, the response message in the
gateway's descriptors is narrowed to this field, so that JSON is always `{"field":VALUE}`; a few
lines of Lua then take the frame away. gRPC and gRPC-Web are not touched. Why: docs/adr/0005.
"""

from __future__ import annotations

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from deploy.gateway.typed import Yaml, named

LUA = "envoy.filters.http.lua"
SOURCE = """\
function envoy_on_response(response)
  local field = response:metadata():get("unwrap")
  local headers = response:headers()
  if field == nil or headers:get(":status") ~= "200" then return end
  if headers:get("content-type") ~= "application/json" then return end
  local body = response:body()
  if body == nil then return end
  local frame = '{"' .. field .. '":'
  local text = body:getBytes(0, body:length())
  if text:sub(1, #frame) == frame then
    body:setBytes(text:sub(#frame + 1, -2))
  end
end
"""


def unwrapped_field(method: MethodDescriptorProto) -> str:
    """The field that is the JSON body of the method's answer; empty: the whole response is."""
    return str(method.options.Extensions[annotations_pb2.http].response_body)


def narrow(files: FileDescriptorSet) -> None:
    """Leaves in each response that is unwrapped its one field, and clears the rule."""
    messages = {
        f".{file.package}.{message.name}": message
        for file in files.file
        for message in file.message_type
    }
    for file in files.file:
        for service in file.service:
            for method in service.method:
                if field := unwrapped_field(method):
                    keep_one(messages[method.output_type], field)
                    clear_rule(method)


def keep_one(message: DescriptorProto, name: str) -> None:
    kept = [field for field in message.field if field.name == name]
    if not kept:
        raise ValueError(f"{message.name} has no field {name!r} to be its JSON body")
    del message.field[:]
    message.field.extend(kept)


def clear_rule(method: MethodDescriptorProto) -> None:
    rule = method.options.Extensions[annotations_pb2.http]
    for bound in (rule, *rule.additional_bindings):
        bound.ClearField("response_body")


def lua() -> Yaml:
    """The filter; it acts where the route says which field."""
    return named(
        LUA,
        "envoy.extensions.filters.http.lua.v3.Lua",
        default_source_code={"inline_string": SOURCE},
    )


def route_metadata(field: str) -> Yaml:
    """What a route says to the filter."""
    return {"metadata": {"filter_metadata": {LUA: {"unwrap": field}}}} if field else {}
