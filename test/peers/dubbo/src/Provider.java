import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.RpcContext;

/**
 * An Apache Dubbo provider of Echo.
 *
 * --protocol dubbo:20880 (again for each one), --application, --name (what `who` answers), --version, --group, --weight,
 * --registry zookeeper://host:port (none without it), --level all|interface|instance, --parameter key=value
 */
public final class Provider {
    public static void main(String[] parameters) throws Exception {
        Arguments arguments = new Arguments(parameters);
        String application = arguments.get("application", "echo-provider");
        ApplicationConfig config = new ApplicationConfig(application);
        config.setQosEnable(false);
        config.setRegisterMode(arguments.get("level", "all"));
        DubboBootstrap bootstrap = DubboBootstrap.getInstance().application(config);
        for (ProtocolConfig protocol : protocols(arguments)) bootstrap.protocol(protocol);
        String registry = arguments.get("registry", "");
        bootstrap.registry(new RegistryConfig(registry.isEmpty() ? RegistryConfig.NO_AVAILABLE : registry));
        bootstrap.service(service(arguments)).start();
        System.out.println("the provider is ready");
        Thread.currentThread().join();
    }

    private static List<ProtocolConfig> protocols(Arguments arguments) {
        List<ProtocolConfig> protocols = new ArrayList<>();
        for (String protocol : arguments.all("protocol")) {
            String[] parts = protocol.split(":");
            ProtocolConfig config = new ProtocolConfig(parts[0], Integer.parseInt(parts[1]));
            config.setId(parts[0]);
            protocols.add(config);
        }
        return protocols;
    }

    private static ServiceConfig<Echo> service(Arguments arguments) {
        ServiceConfig<Echo> service = new ServiceConfig<>();
        service.setInterface(Echo.class);
        service.setRef(new Answers(arguments.get("name", "echo")));
        String version = arguments.get("version", "");
        if (!version.isEmpty()) service.setVersion(version);
        String group = arguments.get("group", "");
        if (!group.isEmpty()) service.setGroup(group);
        String weight = arguments.get("weight", "");
        if (!weight.isEmpty()) service.setWeight(Integer.parseInt(weight));
        Map<String, String> more = new HashMap<>();
        for (String pair : arguments.all("parameter")) {
            int at = pair.indexOf('=');
            more.put(pair.substring(0, at), pair.substring(at + 1));
        }
        service.setParameters(more);
        return service;
    }

    private static final class Answers implements Echo {
        private final String name;

        Answers(String name) {
            this.name = name;
        }

        @Override
        public String echo(String text) {
            return text;
        }

        @Override
        public int add(int a, int b) {
            return a + b;
        }

        @Override
        public String attachment(String key) {
            return RpcContext.getServerAttachment().getAttachment(key);
        }

        @Override
        public String who() {
            return name;
        }

        @Override
        public String sleep(long milliseconds) {
            try {
                Thread.sleep(milliseconds);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            return name;
        }

        @Override
        public String fail(String message) {
            throw new IllegalStateException(message);
        }
    }
}
