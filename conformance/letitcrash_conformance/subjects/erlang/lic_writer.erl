%% The only process that writes to standard output.
%%
%% It writes with raw file operations: several processes that write through one port on the file descriptors
%% of the virtual machine were seen to deadlock. What queued up during a write goes out with the next one.
-module(lic_writer).

-export([start_link/0, write/1, finish/0]).

-define(MAX_WRITE, 65536).

-spec start_link() -> pid().
start_link() ->
    Caller = self(),
    Pid = spawn_link(fun() -> init(Caller) end),
    receive {Pid, ready} -> Pid end.

%% Writes a whole line, some time soon.
-spec write(iodata()) -> ok.
write(Line) ->
    ?MODULE ! {write, Line},
    ok.

%% Ends the virtual machine with exit code 0 once everything written so far is out.
-spec finish() -> no_return().
finish() ->
    ?MODULE ! finish,
    receive after infinity -> ok end.

init(Caller) ->
    register(?MODULE, self()),
    File = standard_output(),
    Caller ! {self(), ready},
    loop(File).

loop(File) ->
    receive
        {write, Line} ->
            out(File, collect([Line], iolist_size(Line))),
            loop(File);
        finish ->
            halt(0, [{flush, false}])
    end.

collect(Lines, Size) when Size >= ?MAX_WRITE ->
    lists:reverse(Lines);
collect(Lines, Size) ->
    receive
        {write, Line} -> collect([Line | Lines], Size + iolist_size(Line))
    after 0 ->
        lists:reverse(Lines)
    end.

out(File, Data) ->
    case file:write(File, Data) of
        ok ->
            ok;
        {error, Reason} ->
            %% Nobody reads any more; there is nothing left to do.
            lic_main:complain("could not write to standard output: ~0p", [Reason]),
            halt(1)
    end.

%% Taking the file descriptor itself works for pipes, sockets and files alike.
standard_output() ->
    try prim_file:file_desc_to_ref(1, [write, binary]) of
        {ok, File} -> File
    catch
        error:undef ->
            {ok, File} = file:open("/dev/stdout", [raw, append, binary]),
            File
    end.
