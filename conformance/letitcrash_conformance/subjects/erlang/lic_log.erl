%% The event log of the world, and the watcher that monitors every process of it from its birth.
%%
%% A death is logged before whatever it caused: an event about another process' death waits until the log has seen
%% that death itself. The log is also the group leader of the world, so that a process which has no label yet can be
%% recognised.
-module(lic_log).

-export([start_link/0, init/1, join/1, event/2, caused/3, defect/1, live/0, knows/1, drain/0, clear/0]).

-define(LIVE, lic_live).  % {pid}: in the world, and its death not yet logged

-record(log, {watched = #{}, events = [], defects = []}).

-spec start_link() -> pid().
start_link() ->
    Caller = self(),
    Pid = spawn_link(fun() -> start(Caller) end),
    receive {Pid, ready} -> Pid end.

%% Logs that the calling process entered its init callback, and returns when it is watched. The caller traps exits.
-spec init(binary()) -> ok.
init(Label) ->
    enter(Label, [stamp(<<"init">>, #{<<"who">> => Label})]).

%% Has the calling process watched, and returns when it is. The caller traps exits.
-spec join(binary()) -> ok.
join(Label) ->
    enter(Label, []).

enter(Label, Events) ->
    Token = make_ref(),
    ?MODULE ! {enter, self(), Token, Label, Events},
    receive {?MODULE, Token} -> ok end.

%% Logs an event of the calling process.
-spec event(binary(), #{binary() => lic_json:json()}) -> ok.
event(Ev, Fields) ->
    ?MODULE ! {event, stamp(Ev, Fields)},
    ok.

%% Logs an event that the death of `Pid' may have caused.
-spec caused(binary(), #{binary() => lic_json:json()}, pid() | undefined) -> ok.
caused(Ev, Fields, Pid) ->
    ?MODULE ! {caused, stamp(Ev, Fields), Pid},
    ok.

%% Notes that a request could not be carried out where nobody waits for an answer; the next observe tells.
-spec defect(binary()) -> ok.
defect(Message) ->
    ?MODULE ! {defect, Message},
    ok.

%% The processes of the world whose death is not yet logged.
-spec live() -> [pid()].
live() -> [Pid || {Pid} <- ets:tab2list(?LIVE)].

%% Whether a process is one of them.
-spec knows(pid()) -> boolean().
knows(Pid) -> ets:member(?LIVE, Pid).

%% The events since the last drain, oldest first, or the first thing that could not be done.
-spec drain() -> {ok, [#{binary() => lic_json:json()}]} | {error, binary()}.
drain() -> ask(drain).

%% Kills everybody, returns when they are dead, and forgets all events.
-spec clear() -> ok.
clear() -> ask(clear).

ask(Question) ->
    Token = make_ref(),
    ?MODULE ! {Question, self(), Token},
    receive {?MODULE, Token, Answer} -> Answer end.

stamp(Ev, Fields) -> Fields#{<<"ev">> => Ev, <<"t">> => lic_world:now()}.

start(Caller) ->
    register(?MODULE, self()),
    ets:new(?LIVE, [set, protected, named_table]),
    Caller ! {self(), ready},
    loop(#log{}).

loop(Log) ->
    receive
        {event, Event} ->
            loop(add(Event, Log));
        {caused, Event, Pid} ->
            loop(add(Event, after_death(map_get(<<"who">>, Event), Pid, Log)));
        {enter, Pid, Token, Label, Events} ->
            loop(watch(Pid, Label, Token, lists:foldl(fun add/2, after_deaths(Pid, Log), Events)));
        {'DOWN', Monitor, process, Pid, Reason} ->
            loop(died(Monitor, Pid, Reason, after_children(Pid, Reason, Log)));
        {drain, From, Token} ->
            Answer = case Log#log.defects of
                         [] -> {ok, lists:reverse(Log#log.events)};
                         Defects -> {error, lists:last(Defects)}
                     end,
            From ! {?MODULE, Token, Answer},
            loop(Log#log{events = [], defects = []});
        {defect, Message} ->
            loop(Log#log{defects = [Message | Log#log.defects]});
        {clear, From, Token} ->
            %% The supervisors first: they would start others in place of the dead.
            {Supervisors, Probes} = lists:partition(fun(Pid) -> lic_world:kind(Pid) =:= supervisor end, live()),
            [exit(Pid, kill) || Pid <- Supervisors ++ Probes],
            bury(Log),
            From ! {?MODULE, Token, ok},
            loop(#log{});
        {io_request, From, ReplyAs, _} ->
            From ! {io_reply, ReplyAs, ok},
            loop(Log)
    end.

add(Event, #log{events = Events} = Log) -> Log#log{events = [Event | Events]}.

%% A process that waits for this to happen ignores every signal but kill, so it cannot have died of anything else.
watch(Pid, Label, Token, #log{watched = Watched} = Log) ->
    Monitor = erlang:monitor(process, Pid),
    ets:insert(?LIVE, {Pid}),
    Watching = Log#log{watched = Watched#{Pid => {Monitor, Label}}},
    case is_process_alive(Pid) of
        true ->
            Pid ! {?MODULE, Token},
            Watching;
        false ->
            receive {'DOWN', Monitor, process, Pid, _} -> died(Monitor, Pid, killed, Watching) end
    end.

died(Monitor, Pid, Reason, #log{watched = Watched} = Log) ->
    {{Monitor, Label}, Others} = maps:take(Pid, Watched),
    ets:delete(?LIVE, Pid),
    add(#{<<"ev">> => <<"dead">>, <<"who">> => Label, <<"reason">> => lic_reason:to_json(Reason),
          <<"t">> => lic_world:now()}, Log#log{watched = Others}).

after_death(Who, Pid, #log{watched = Watched} = Log) ->
    case Watched of
        #{Pid := {_, Who}} -> % its own signal to itself: it reported this while it lived
            Log;
        #{Pid := {Monitor, _}} ->
            case is_process_alive(Pid) of
                true -> Log;
                false ->
                    receive {'DOWN', Monitor, process, Pid, Reason} ->
                        died(Monitor, Pid, Reason, last_words(Pid, Log))
                    end
            end;
        #{} -> Log
    end.

%% Logs the deaths that may have caused the birth of this process: a supervisor learns of the death of a child a moment
%% before the log does. A newborn that waits here has caused none of them, unless it is dead itself.
after_deaths(Newborn, #log{watched = Watched} = Log) ->
    case [Pid || Pid <- maps:keys(Watched), not is_process_alive(Pid)] of
        [] -> Log;
        Dead ->
            case is_process_alive(Newborn) of
                true -> bury_some(Dead, Log);
                false -> Log
            end
    end.

%% Logs the deaths of the processes below a supervisor that was not killed: it ended them, or ended because of them.
after_children(_, killed, Log) ->
    Log;
after_children(Sup, _, #log{watched = Watched} = Log) ->
    case lic_world:kind(Sup) of
        supervisor ->
            #{Sup := {_, Label}} = Watched,
            Below = [Pid || {Pid, {_, Other}} <- maps:to_list(Watched), string:prefix(Other, [Label, $/]) =/= nomatch],
            bury_some([Pid || Pid <- Below, not is_process_alive(Pid)], Log);
        _ -> Log
    end.

%% Waits for the deaths of these and logs them in the order in which they arrive.
bury_some(Dead, #log{watched = Watched} = Log) ->
    case maps:with(Dead, Watched) of
        Left when map_size(Left) =:= 0 -> Log;
        Left ->
            receive
                {'DOWN', Monitor, process, Pid, Reason} when is_map_key(Pid, Left) ->
                    Later = after_children(Pid, Reason, Log),
                    bury_some(Dead, died(Monitor, Pid, Reason, last_words(Pid, Later)))
            end
    end.

%% Logs what a dead process had sent before its DOWN, which was taken out of the mailbox before it was its turn.
last_words(Pid, #log{watched = Watched} = Log) ->
    #{Pid := {_, Label} = Watch} = Watched,
    Heard = flush(Label, Log#log{watched = maps:remove(Pid, Watched)}),
    Heard#log{watched = maps:put(Pid, Watch, Heard#log.watched)}.

flush(Label, Log) ->
    receive
        {event, #{<<"who">> := Label} = Event} ->
            flush(Label, add(Event, Log));
        {caused, #{<<"who">> := Label} = Event, Cause} ->
            flush(Label, add(Event, after_death(Label, Cause, Log)))
    after 0 ->
        Log
    end.

%% Waits for every death, and kills whoever was born meanwhile.
bury(#log{watched = Watched}) when map_size(Watched) =:= 0 ->
    ok;
bury(Log) ->
    receive
        {'DOWN', Monitor, process, Pid, Reason} ->
            bury(died(Monitor, Pid, Reason, Log));
        {enter, Pid, Token, Label, _} ->
            exit(Pid, kill),
            bury(watch(Pid, Label, Token, Log));
        _ ->
            bury(Log)
    end.
