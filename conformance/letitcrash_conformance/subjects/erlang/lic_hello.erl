%% What the harness tells about itself.
-module(lic_hello).

-export([hello/0, offers/1, modules/0]).

-define(FEATURES, [<<"genserver">>, <<"links">>, <<"monitors">>, <<"exit_signals">>, <<"registry">>, <<"supervisor">>,
                   <<"auto_shutdown">>, <<"timers">>, <<"parallel">>, <<"suspend">>, <<"nested_call">>,
                   <<"error_text">>]).

-spec hello() -> #{binary() => lic_json:json()}.
hello() ->
    #{<<"protocol">> => 1, <<"name">> => <<"erlang-otp">>, <<"version">> => version(), <<"language">> => <<"erlang">>,
      <<"backends">> => [<<"process">>], <<"default_backend">> => <<"process">>,
      <<"clock">> => <<"wall">>, <<"time_unit_ms">> => 1000, <<"wall_grain_ms">> => 100, <<"settle">> => true,
      <<"features">> => ?FEATURES}.

%% Whether a feature of the protocol is offered.
-spec offers(binary()) -> boolean().
offers(Feature) -> lists:member(Feature, ?FEATURES).

%% What the servers under test run through.
-spec modules() -> [module()].
modules() -> [gen, gen_server, proc_lib, supervisor, sys, timer].

%% The whole version where the installation tells, else the release.
version() ->
    Release = erlang:system_info(otp_release),
    case file:read_file(filename:join([code:root_dir(), "releases", Release, "OTP_VERSION"])) of
        {ok, Text} -> string:trim(Text);
        {error, _} -> list_to_binary(Release)
    end.
