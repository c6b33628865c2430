import java.util.List;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.RpcContext;

/**
 * An Apache Dubbo consumer of Echo: calls, and prints a line for each call: `= RESULT`, or `! CLASS: MESSAGE`.
 *
 * --url dubbo://host:port/Echo (called directly), or --registry zookeeper://host:port; --version, --group,
 * --attachment key=value (again for each one), --timeout ms, --times, --pause ms, --connections;
 * then the method and what it takes.
 */
public final class Consumer {
    public static void main(String[] parameters) throws Exception {
        Arguments arguments = new Arguments(parameters);
        ApplicationConfig application = new ApplicationConfig(arguments.get("application", "echo-consumer"));
        application.setQosEnable(false);
        ReferenceConfig<Echo> reference = reference(arguments);
        String registry = arguments.get("registry", "");
        DubboBootstrap.getInstance()
                .application(application)
                .registry(new RegistryConfig(registry.isEmpty() ? RegistryConfig.NO_AVAILABLE : registry))
                .reference(reference)
                .start();
        Echo echo = reference.get();
        int times = Integer.parseInt(arguments.get("times", "1"));
        long pause = Long.parseLong(arguments.get("pause", "0"));
        for (int at = 0; at < times; at++) {
            if (at > 0) Thread.sleep(pause);
            for (String pair : arguments.all("attachment")) attach(pair);
            call(echo, arguments.rest);
        }
        System.out.flush();
        System.exit(0);
    }

    private static ReferenceConfig<Echo> reference(Arguments arguments) {
        ReferenceConfig<Echo> reference = new ReferenceConfig<>();
        reference.setInterface(Echo.class);
        reference.setCheck(false);
        reference.setRetries(0);
        reference.setTimeout(Integer.parseInt(arguments.get("timeout", "5000")));
        reference.setConnections(Integer.parseInt(arguments.get("connections", "0")));
        String url = arguments.get("url", "");
        if (!url.isEmpty()) reference.setUrl(url);
        String version = arguments.get("version", "");
        if (!version.isEmpty()) reference.setVersion(version);
        String group = arguments.get("group", "");
        if (!group.isEmpty()) reference.setGroup(group);
        return reference;
    }

    private static void attach(String pair) {
        int at = pair.indexOf('=');
        RpcContext.getClientAttachment().setAttachment(pair.substring(0, at), pair.substring(at + 1));
    }

    private static void call(Echo echo, List<String> words) {
        try {
            System.out.println("= " + invoke(echo, words.get(0), words.subList(1, words.size())));
        } catch (Throwable failure) {
            System.out.println("! " + failure.getClass().getName() + ": " + firstLine(failure.getMessage()));
        }
    }

    private static Object invoke(Echo echo, String method, List<String> words) {
        switch (method) {
            case "echo":
                return echo.echo(words.get(0));
            case "add":
                return echo.add(Integer.parseInt(words.get(0)), Integer.parseInt(words.get(1)));
            case "attachment":
                return echo.attachment(words.get(0));
            case "who":
                return echo.who();
            case "sleep":
                return echo.sleep(Long.parseLong(words.get(0)));
            case "fail":
                return echo.fail(words.get(0));
            default:
                throw new IllegalArgumentException("no method " + method);
        }
    }

    private static String firstLine(String message) {
        return message == null ? "" : message.lines().findFirst().orElse("");
    }
}
