//! The situations, what we do in each, and what we do not. Each statement is about the code as it is.

use What::{Does, NotNeeded};

/// One situation.
pub(super) struct Row {
    /// By which tests refer to it; it never changes.
    pub(super) number: usize,
    pub(super) situation: &'static str,
    pub(super) what: What,
}

/// What becomes of it.
pub(super) enum What {
    /// This, and a test proves it.
    Does(&'static str),
    /// Nothing, since it cannot come to it; says why.
    NotNeeded(&'static str),
}

impl What {
    /// Its words.
    pub(super) const fn text(&self) -> &'static str {
        match self {
            Does(text) | NotNeeded(text) => text,
        }
    }
}

const fn row(number: usize, situation: &'static str, what: What) -> Row {
    Row { number, situation, what }
}

/// All of them.
#[rustfmt::skip]
pub(super) const ROWS: [Row; 60] = [
    row(1, "The code panics while it serves a request", Does("The work on a request unwinds into a net around it: FAILED with the words *failed internally (panic)*, the panic itself in the log, and the process serves the next request. The release profile says `panic = \"unwind\"` aloud, since build tools put `abort` where nothing is said. A panic outside the net fails the invocation, and the responder answers.")),
    row(2, "The process aborts, crashes in native code, overflows its stack or exits", Does("Lambda hands the failed invocation to the responder, which answers FAILED with what Lambda said of the end. What the run had done is on record, so the request that follows removes or finishes it.")),
    row(3, "It runs out of memory", Does("The responder answers. To keep it from happening, lists are read page by page and eight repositories are worked on at a time; fifty of them fit into a quarter of the memory the template gives.")),
    row(4, "It cannot start as it should: a setting is missing or makes no sense", Does("Start-up keeps what is wrong and goes on; every request, a Delete too, is answered FAILED with the names of the settings, by a process that stays. A process that does not come up at all is a failed invocation, which the responder answers.")),
    row(5, "Lambda's deadline comes near", Does("Three deadlines, counted back from the end of the run or from the moment CloudFormation stops waiting: no step begins, the work is given up, the answer is given up. What ran out of time goes on in another run (51) or is FAILED with the number of changes made and left and the first of those left. Where not even a step came to its end, the reason only says that time ran out.")),
    row(6, "A call blocks the function's thread, or a loop never ends", Does("A watchdog on a thread of its own, with its own connections, answers once the time for the work is over and the thread shows no life, tells Lambda that the invocation is over and ends the process.")),
    row(7, "The request is damaged", Does("Whom to answer is read first and apart from the rest, field by field. Ids that are missing come from the key of the response URL, never from its query. What is wrong with the rest is the reason of a FAILED answer. Without a URL or an id from anywhere there is nobody to answer: a typed error, and the responder lets it go as well.")),
    row(8, "It has no `ResourceProperties`", Does("That is an empty map: a Create or Update names the required properties that are missing, a Delete gets through.")),
    row(9, "CloudFormation made texts of numbers and truth values", Does("`7`, `\"7\"`, `\"07\"`, `true`, `\"True\"` and the like mean the same, inside lifecycle policies and policy statements too. What is neither is named at its path.")),
    row(10, "A property is unknown or misspelt", Does("Create and Update are refused before any write, with the property that was probably meant. A Delete gets through, and so does the way back to a declaration that was accepted before.")),
    row(11, "A Delete or a rollback brings properties of an older version", Does("A Delete works by the record of the resource where its properties cannot be read. A rollback is known by the fingerprint of its properties in that record, which holds the declaration as it was understood then. A record of a *newer* version is refused and left alone.")),
    row(12, "The request type is unknown", Does("FAILED, naming it and the ones there are, under the id CloudFormation holds.")),
    row(13, "The resource type is another one, or the token leads to the wrong function", Does("One type is served; any other is refused by name, with a hint at `Type` and `ServiceToken`. The Delete that follows such a Create succeeds and touches nothing.")),
    row(14, "The same request is delivered again", Does("What was decided by looking at the world is kept under `answers/` in the state bucket before it is sent; whoever gets the request again sends those bytes and asks nothing else. A refusal for its form comes out the same by itself. Where that could not be kept, comparing with what is there finds nothing to write.")),
    row(15, "Two deliveries are at work at the same time", Does("Conditional writes to the state bucket decide: of one request's answers the first kept one stands, and both send it; of two requests for one resource the later takes over (see above); adoptions take turns by a lease, since ECR's tags know no condition.")),
    row(16, "A request arrives late, when CloudFormation has gone on", Does("A Create or Update writes nothing when its URL has expired, when its stack is at rest or past making things, or when a later request was taken up; the last two are answered FAILED. A Delete is not asked whether its stack is at rest. Lambda runs nothing again and drops events after 55 minutes. Where CloudFormation cannot be asked about the stack, the record alone decides.")),
    row(17, "A Delete comes for what was never made", Does("Success: what is not on record and not ours by its tag is nothing to delete.")),
    row(18, "A Create fails half-way", Does("Every name is on record before its first write, and FAILED carries the true id. CloudFormation's Delete then removes all that was made, whatever `OnDelete` says. The Create itself takes nothing back: it could be cut off in that as well.")),
    row(19, "A Delete finds something gone already", Does("That step is done. Only the services' own words for *not there* count: what may not be looked at is not gone.")),
    row(20, "An Update changes nothing", Does("Each setting is compared with what is there by its meaning: no write, the same id, the same return values.")),
    row(21, "An answer without a physical id", Does("No answer can be built without one: it is the id CloudFormation holds, else the one derived from stack and logical id.")),
    row(22, "A change that asks for a replacement", Does("The id never changes, so CloudFormation never replaces. Other names are made first, and the old ones released until the stack has come to rest. What ECR cannot change is refused before any write.")),
    row(23, "What is to be deleted is somebody else's by now, or was made anew", Does("The owner tag is read before every change and every Delete; what is not ours by it is left alone, and that is no failure.")),
    row(24, "A Delete that answers under another id", Does("It gives back the id it was sent, even one CloudFormation made up, and works by stack and logical id.")),
    row(25, "The id of a failed Update", Does("The one CloudFormation holds: from the function, the watchdog and the responder alike.")),
    row(26, "An Update is a rollback", Does("It is compared and carried out like any other. Released names are claimed back with their images, what the update had adopted is put back from its snapshot, and a declaration accepted before is not refused for its form.")),
    row(27, "Something goes with an Update that its rollback would need", Does("A name that leaves is only tagged. It is deleted by the function's own delayed queue once the stack has finished for good, its root too, and images only with consent given before.")),
    row(28, "A physical id that is empty, too long, or new each time", Does("`ecr-steward/<stack guid>/<logical id>`: derived, the same for every delivery, about 300 characters at most. It is never read back, so nothing depends on its form.")),
    row(29, "The answer is longer than 4,096 bytes", Does("Return values are settled before the first write: what is listed in `ReturnValues` fits or is refused, with the bytes. A reason that is too long loses its middle, between characters; the log has up to 8,192 characters of it.")),
    row(30, "A null or control characters in the answer", Does("The reason is one printable paragraph and never empty; fields without a value are left out.")),
    row(31, "Characters that take several bytes", Does("`Content-Length` counts bytes.")),
    row(32, "Return values that cannot be written as JSON", Does("They are texts by type; CloudFormation's three ids do not depend on them.")),
    row(33, "A return value that a template uses is missing after an Update", Does("Create and Update derive the same keys from the declaration. A template that lists what it uses in `ReturnValues` gets all of it or a refusal. Without that list, a fleet that grows can push the last ones out of the answer, and `OutputsTruncated` says so.")),
    row(34, "A content type that the signature does not cover", Does("None is sent.")),
    row(35, "CloudFormation's bucket fails or cannot be reached for a moment", Does("409, 429, 5xx, S3's *slow down* and broken or silent connections are tried again, with growing random waits, until the run's time is over. Then the invocation fails with the answer as its error, and the responder sends it byte for byte.")),
    row(36, "The bucket says 403", Does("An expired URL ends the matter with an ERROR line, since no retry can help. Any other refusal is tried once more without the condition on the PUT and is then the responder's. There is no metric and no alarm for it.")),
    row(37, "Any other status", Does("Only 2xx is success, and 412 where an answer stands already.")),
    row(38, "A redirect, or proxies in the environment", Does("Neither is followed: the URL is shown to nobody else.")),
    row(39, "No way to the bucket, as in a closed network", Does("The bucket's host is knocked at while the request is looked into, without the URL; nothing is written before it answered. After 20 s without, the request fails with nothing changed.")),
    row(40, "Partitions and spellings of the host", Does("The URL is used as it came, any host over https. Partition, Region and account come from the stack's ARN.")),
    row(41, "Two answers, a timeout's and a late success", Does("Within a process the first decision takes the one place there is. Beyond it every PUT asks S3 to store only where nothing stands, and is repeated without that only where the refusal may be about the condition. Work is dropped before FAILED goes out; calls already under way are waited for by the next request (15).")),
    row(42, "Something of one request is left for the next", Does("A process holds settings, connections and clients, and the watchdog's post, which every request gives up however it ends.")),
    row(43, "The URL's signature, or what users wrote, in a log", Does("The URL has no form in which it could be printed; libraries are held at WARN whatever level is asked; requests, properties and messages are not logged, but for a wrong value that a reason quotes. A request that goes on travels in an encrypted queue that only the function may read.")),
    row(44, "Return values that are secret", NotNeeded("There are none: names, URLs, ARNs and commands that ask for a login, never the login itself. `NoEcho` is not set.")),
    row(45, "AWS throttles", Does("Nine tries of each call with growing random waits and no common allowance that a large fleet could use up, another half a minute of waiting per write, eight repositories at a time. What is still throttled then goes on in another run, or is named with its error code.")),
    row(46, "No concurrency is left", Does("Lambda keeps the event for 55 minutes, and what it gives up the responder answers with *was never run*, while a CloudFormation still waits whose `ServiceTimeout` is not shorter. No concurrency is reserved and no alarm watches the waiting.")),
    row(47, "A part of the fleet fails", Does("Each repository is carried on with by itself, and the reason names every one that failed or was not reached, with its call. What was done stays and is on record; nothing says *nothing was changed* unless that is so.")),
    row(48, "Two stacks want one repository", Does("Its owner tag decides. Create and Update are refused with the owner's name; adoption needs `AdoptExisting` and an owner that is sure to be gone; statements of others in a policy are kept. ECR's policies know no condition, so an edit by hand at the very moment of ours can be lost.")),
    row(49, "Permission is missing when a Delete comes", Does("The template grants what Delete needs from the first day, and a test holds the role to the calls of the code. A denial is FAILED with the action, the repository and AWS's request id, and the Delete can be tried again. Nothing is tried out at Create, and no property turns a denial into success.")),
    row(50, "Permissions or the log group go first", Does("Policies are inline and live as long as their role. Log groups and the state bucket outlive the stack. Templates that import the service token keep CloudFormation from deleting the provider under them; those that read it from SSM do not.")),
    row(51, "More work than fits into 15 minutes", Does("It goes on in as many runs as it needs; see above.")),
    row(52, "More than an hour", Does("The last run answers FAILED while CloudFormation still waits. What was done is on record, and the next request goes on from there.")),
    row(53, "`ServiceTimeout`", Does("It bounds all deadlines and the number of runs, counted from the first run: how long the event had waited before that is not known.")),
    row(54, "Tags, the stack's own too", Does("`Tags` and, with `PropagateStackTags`, the stack's, without those of AWS; illegal keys and more than 50 in all are refused before any write; tags of others stay.")),
    row(55, "Somebody changes a repository by hand", Does("With `DriftMode: Enforce`, the drift function puts it back as soon as CloudTrail has told of the call, or with the next sweep; with `ReportOnly` it is in the compliance report. Every Update compares with what is there and puts it right.")),
    row(56, "Logs are lost with their stack", Does("The functions' log groups are the provider's, are kept when it is deleted, and expire by their retention.")),
    row(57, "Which line belongs to which request", Does("What is said of a request carries its id, its stack and its logical id; the reason of a call that failed carries AWS's request id. Lambda's own id of the invocation is not among our fields, and reasons speak of the log without its name.")),
    row(58, "The same event again after success", Does("The same bytes again, without a look at ECR; the answer that stands is not replaced.")),
    row(59, "The wall clock is wrong or jumps", Does("It is read when a run begins, for what is left of it; from there on deadlines are of the monotonic clock. A deadline that seems to be over is answered as such. Claims outlast their run by half a minute.")),
    row(60, "A payload that is no request", Does("Told apart by its shape: a request, a batch of the own queue, and for the responder a failed invocation or dead letters. Anything else is a typed error, or ignored with a line by the responder, and touches nothing.")),
];
